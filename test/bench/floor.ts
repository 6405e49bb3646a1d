import { createServer } from 'node:http';

// The floor of the benchmark: node:http reads the body and sends a fixed reply of an answer's size. Nothing else.
const reply = Buffer.from(process.argv[2] ?? '{}');
createServer((request, response) => {
  request.on('data', () => {});
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': reply.length });
    response.end(reply);
  });
}).listen(Number(process.argv[3] ?? 0), '127.0.0.1');
