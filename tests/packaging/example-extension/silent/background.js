let socket;
chrome.runtime.onMessage.addListener((address, sender, reply) => {
  socket = new WebSocket(address);
  socket.onopen = () => reply('open');
  return true;
});
