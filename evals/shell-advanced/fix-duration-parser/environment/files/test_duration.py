import unittest

from duration import seconds


class DurationTest(unittest.TestCase):
    def test_one_digit(self):
        self.assertEqual(seconds("2h5m"), 7500)

    def test_two_digits(self):
        self.assertEqual(seconds("1h30m"), 5400)

    def test_no_unit(self):
        with self.assertRaises(ValueError):
            seconds("15")

    def test_unknown_unit(self):
        with self.assertRaises(ValueError):
            seconds("3w")


if __name__ == "__main__":
    unittest.main()
