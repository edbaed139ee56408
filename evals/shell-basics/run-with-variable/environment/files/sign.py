import hashlib
import os

shop = os.environ.get("SHOP", "nobody")
print("This is the shop", shop)
print("sign number", hashlib.sha256(shop.encode()).hexdigest()[:10])
