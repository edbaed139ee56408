#!/bin/bash
set -e
cd /app
cd site
ln -s index.html home.html
ln -s img/logo-v2.png assets/logo.png
ln -s ../shared/style.css assets/style.css
ln -s ../shared docs/shared
ln -s ../home.html docs/start.html
ln -s pages/about.html about.html
ln -s img/banner.png assets/banner.png
ln -s api/index.html docs/api.html
ln -s ../guide.html docs/old/guide.html
ln -s docs/api.html legacy.html
ln -s fonts/main.css shared/font.css
