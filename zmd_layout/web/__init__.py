"""The review page of `zmd-layout serve`; needs the extra `web`."""
