"""Check school layout against planning rules, draw the gaps, suggest sites."""
