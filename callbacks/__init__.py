"""One module per page: user event, one service call, figure."""
