'use strict';

module.exports = (app) => app.use(app.get('restApiRoot'), require('loopback').rest());
