import unittest

from ranges import covered, merge


class RangesTest(unittest.TestCase):
    def test_apart(self):
        self.assertEqual(merge([[5, 6], [1, 2]]), [[1, 2], [5, 6]])

    def test_overlap(self):
        self.assertEqual(merge([[1, 4], [3, 8]]), [[1, 8]])

    def test_share_a_point(self):
        self.assertEqual(merge([[1, 4], [4, 8]]), [[1, 8]])

    def test_covered(self):
        self.assertEqual(covered([[1, 4], [3, 8]]), 7)


if __name__ == "__main__":
    unittest.main()
