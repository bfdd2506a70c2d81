const relay = new URLSearchParams(location.search).get('relay');
document.querySelector('#result').textContent = await chrome.runtime.sendMessage({ relay });
