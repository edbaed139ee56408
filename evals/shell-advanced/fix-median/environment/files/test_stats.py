import unittest

from stats import median, spread


class StatsTest(unittest.TestCase):
    def test_odd(self):
        self.assertEqual(median([9, 1, 5]), 5)

    def test_even(self):
        self.assertEqual(median([4, 1, 3, 10]), 3.5)

    def test_spread(self):
        self.assertEqual(spread([4, 1, 10]), 9)


if __name__ == "__main__":
    unittest.main()
