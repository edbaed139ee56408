import unittest

from slug import slugify


class SlugTest(unittest.TestCase):
    def test_simple(self):
        self.assertEqual(slugify("Release notes"), "release-notes")

    def test_comma(self):
        self.assertEqual(slugify("Hello, World"), "hello-world")

    def test_end(self):
        self.assertEqual(slugify("What is new?"), "what-is-new")


if __name__ == "__main__":
    unittest.main()
