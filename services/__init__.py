"""The services. None imports another; `__main__` is the one module that knows them all."""
