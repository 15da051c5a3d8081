"""From the bytes of a received file to what they say: is it a workbook, what is on its cover, what is in each cell."""
