'use strict';
// What `validations` in item.json says, in the only form that LoopBack takes.
module.exports = (Item) => {
  Item.validatesLengthOf('name', {min: 1, max: 60});
  Item.validatesNumericalityOf('level', {int: true, allowNull: true});
};
