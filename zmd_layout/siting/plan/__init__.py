"""The plan over years: seats by year, needs that last, amounts of actions, their schools."""
