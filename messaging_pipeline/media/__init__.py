"""Looks at media before they are sent: can Twilio fetch them, are they of a kind and a size that it takes?"""
