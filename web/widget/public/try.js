/* Puts the line of a desk into this page: try.html?desk=KEY. */
var key = new URLSearchParams(location.search).get('desk');
if (key) {
  var line = document.createElement('script');
  line.src = '/widget.js';
  line.setAttribute('data-desk', key);
  line.setAttribute('data-visits', '');
  document.body.appendChild(line);
  document.getElementById('about-it').onclick = function () {
    window.EnckeDesk.card({
      title: 'Touring 5',
      text: '27 gears, dynamo, rack for four bags',
      price: '€ 900',
      reference: 'T5',
    });
  };
}
