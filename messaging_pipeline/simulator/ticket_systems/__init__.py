"""Zendesk, Jira and ServiceNow: each keeps its tickets and answers as the real one is documented to."""
