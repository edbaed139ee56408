import unittest

from total import total


class TotalTest(unittest.TestCase):
    def test_positive(self):
        self.assertEqual(total(["10", "5"]), 15)

    def test_negative(self):
        self.assertEqual(total(["10", "-4", ""]), 6)

    def test_text(self):
        self.assertEqual(total(["amount", "7"]), 7)


if __name__ == "__main__":
    unittest.main()
