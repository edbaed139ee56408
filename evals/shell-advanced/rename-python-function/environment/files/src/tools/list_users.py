import store

for number in store.USERS:
    print(number, store.get_user(number), store.get_user_name(number))
