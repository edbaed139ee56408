name=conf.py
value=70
