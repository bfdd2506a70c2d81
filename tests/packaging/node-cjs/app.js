const api = require('hushroom');
const room = require('hushroom/room');

const { exercise } = require('./exercise.cjs');

exercise(api, room, process.argv[2]).then(console.log);
