// What both HTTP servers answer: a kibibyte. Every answer is as long as the first, because a date has a fixed length.
import http from 'node:http';

const BODY = Buffer.alloc(1024, 'x');

export const app = http.createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.setHeader('Content-Length', BODY.length);
  response.end(BODY);
});
