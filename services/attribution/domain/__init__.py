"""The rules of attribution: touches become interactions, interactions a journey, a journey credit."""
