import { parseShareCode } from 'hushroom';

document.querySelector('#result').textContent = parseShareCode('hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8').roomId;
