"""The analyses of a refresh: facts and marts in, tables of the schema `analysis` out.

Belongs here: which frames a method gets, and which table takes what it returns; a module an area. Does not belong here:
the methods (`orchestration.analytics`), the other steps of a refresh (`orchestration.refresh`).
"""
