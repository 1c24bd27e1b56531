"""Decisions on money: one member of staff proposes, another confirms."""
