import unittest

from pages import page, page_count


class PagesTest(unittest.TestCase):
    def test_partly_filled(self):
        self.assertEqual(page_count(11, 5), 3)

    def test_full(self):
        self.assertEqual(page_count(10, 5), 2)

    def test_page(self):
        self.assertEqual(page([1, 2, 3, 4, 5], 2, 3), [4, 5])


if __name__ == "__main__":
    unittest.main()
