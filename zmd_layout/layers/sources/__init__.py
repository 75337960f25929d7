"""layers/sources"""
