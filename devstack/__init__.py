"""The development stack: set-up, embedded services, and the processes of `make run`.

Imports no Django and none of the product's packages: it must work while those are broken.
"""
