"""Addresses that asked to be told when a sub-processor is added: nothing is kept but the address, and it is sealed."""
