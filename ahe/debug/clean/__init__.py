"""Raw text to what a person would have seen, with pointers back to every byte."""
