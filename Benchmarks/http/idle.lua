-- About one request a connection, then silence.
local answered = 0
delay = function()
    answered = answered + 1
    return answered <= 10000 and 0 or 60000
end
