drop function if exists bondreplicate.{function}();
