// Runs before the first paint, so that a stored choice never flashes the other theme. See src/lib/theme.ts.
try {
  const theme = localStorage.getItem('hushroom.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme it is.
}
