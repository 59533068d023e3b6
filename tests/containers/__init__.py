"""The image and the stack as a platform team gets them: built, started, hurt and taken down by the engine itself."""
