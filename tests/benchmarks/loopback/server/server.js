'use strict';
// The counterpart of `lbconf serve` for the project in this folder.
const loopback = require('loopback');
const boot = require('loopback-boot');

const app = loopback();
boot(app, __dirname, (problem) => {
  if (problem) throw problem;
  app.listen(Number(process.env.PORT), '127.0.0.1');
});
