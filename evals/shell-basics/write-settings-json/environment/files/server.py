import json

SETTINGS = json.load(open("/app/settings.json"))
print(f"would listen on {SETTINGS['host']}:{SETTINGS['port']} with {SETTINGS['workers']} workers")
