import { isHushError } from 'hushroom';

document.querySelector('#result').textContent = String(isHushError(new Error('not ours')));
