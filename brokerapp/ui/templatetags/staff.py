"""What only the templates of staff's pages need."""

from django import template

from brokerapp.ui import admin_columns

register = template.Library()
register.filter("et_utc", admin_columns.time_text, is_safe=True)
register.filter("person_link", admin_columns.person_link, is_safe=True)
