"""Imports, and a little work."""
import argparse
import asyncio
import csv
import decimal
import email.message
import http.client
import json
import logging.config
import sqlite3
import unittest
import xml.dom.minidom

for number in range(300):
    json.loads(json.dumps({"n": number}))
