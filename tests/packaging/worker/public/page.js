// A page without the package: all of it runs in the worker that the query names.
const query = new URLSearchParams(location.search);
const show = (text) => (document.querySelector('#result').textContent = text);
const fail = ({ message }) => show(`error: ${message}`);

if (query.get('kind') === 'shared') {
  const worker = new SharedWorker('./shared.js', { type: 'module' });
  worker.onerror = fail;
  worker.port.onmessage = ({ data }) => show(data);
  worker.port.postMessage(query.get('relay'));
} else {
  const type = query.get('kind');
  const worker = new Worker(`./${type}.js`, { type });
  worker.onerror = fail;
  worker.onmessage = ({ data }) => show(data);
  worker.postMessage(query.get('relay'));
}
