"""Accounts: applications, statuses, changes, approvals."""
