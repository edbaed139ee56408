"""The report and the pages, within their budgets."""
