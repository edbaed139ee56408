import unittest

from basket import add_item, summary


class BasketTest(unittest.TestCase):
    def test_two_baskets(self):
        first = add_item("apple")
        second = add_item("pear", 2)
        self.assertEqual(first, ["apple"])
        self.assertEqual(second, ["pear", "pear"])

    def test_same_basket(self):
        basket = add_item("apple", 1, ["plum"])
        self.assertEqual(basket, ["plum", "apple"])

    def test_summary(self):
        self.assertEqual(summary(["a", "b", "a"]), {"a": 2, "b": 1})


if __name__ == "__main__":
    unittest.main()
