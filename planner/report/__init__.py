"""Lays a plan out for people: `view` chooses words and rounds, the other files only draw what it says."""
