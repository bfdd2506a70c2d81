const api = require('hushroom');
const room = require('hushroom/room');

const { exercise } = require('./exercise.cjs');

test('works in Jest, which loads CommonJS', async () => {
  expect(await exercise(api, room, process.env.RELAY)).toBe('works');
}, 60_000);

test('an error is recognised across the realms of Jest', () => {
  expect(() => api.parseShareCode('no code')).toThrow(expect.objectContaining({ code: 'INVALID_SHARE_CODE' }));
});

test('can be replaced', () => {
  jest.isolateModules(() => {
    jest.doMock('hushroom', () => ({ ...jest.requireActual('hushroom'), generateShareCode: () => 'mocked' }));
    expect(require('hushroom').generateShareCode()).toBe('mocked');
  });
});
