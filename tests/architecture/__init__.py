"""What a machine can keep of how the house is built, beyond the import contracts."""
