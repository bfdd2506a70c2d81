// Which file `require` took, and whether `import` gives the same functions.
const { sealMessage } = require('hushroom');
const file = Object.keys(require.cache).some((name) => name.endsWith('index.cjs')) ? 'index.cjs' : 'index.js';
import('hushroom').then((module) => console.log(`${file} ${module.sealMessage === sealMessage ? 'same' : 'other'}`));
